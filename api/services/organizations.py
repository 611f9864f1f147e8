"""OrganizationService: who bills here, and the keys that speak for them."""

from api.rpc import Service, rpc
from billing import organizations


class OrganizationService(Service):
    """Organizations, opened by the operator of the server, and their API keys."""

    create = rpc("POST /organizations", organizations.create, root="organization", asks="admin")
    list_ = rpc("GET /organizations", organizations.browse, asks="admin")
    get = rpc("GET /organizations/current", organizations.current)
    create_api_key = rpc(
        "POST /api_keys", organizations.create_key, root="api_key", resource="api_key"
    )
    get_api_key = rpc("GET /api_keys/{id}", organizations.find_key, resource="api_key")
    list_api_keys = rpc("GET /api_keys", organizations.browse_keys, resource="api_key")
    rotate_api_key = rpc(
        "POST /api_keys/{id}/rotate", organizations.rotate_key, root="api_key", resource="api_key"
    )
    revoke_api_key = rpc("DELETE /api_keys/{id}", organizations.revoke_key, resource="api_key")
