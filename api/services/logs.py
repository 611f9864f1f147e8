"""LogService: what was asked of the platform, and what it changed."""

from analytics import logs
from api.rpc import Service, rpc


class LogService(Service):
    """Who changed what, and every request that was not a mere question."""

    list_activity_logs = rpc("GET /activity_logs", logs.browse_activities, resource="activity_log")
    get_activity_log = rpc(
        "GET /activity_logs/{activity_id}", logs.find_activity, resource="activity_log"
    )
    list_api_logs = rpc("GET /api_logs", logs.browse_requests, resource="api_log")
    get_api_log = rpc("GET /api_logs/{request_id}", logs.find_request, resource="api_log")
