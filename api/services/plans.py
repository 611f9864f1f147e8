"""PlanService: what can be subscribed to."""

from api.rpc import Service, rpc
from billing import cycle, entitlements, features, plans


class PlanService(Service):
    """What can be subscribed to: a base price, how often it is billed, and charges for usage."""

    create = rpc("POST /plans", plans.create)
    get = rpc("GET /plans/{code}", plans.find)
    update = rpc("PUT /plans/{code}", cycle.update_plan)
    list_ = rpc("GET /plans", plans.browse)
    delete = rpc("DELETE /plans/{code}", plans.delete)
    list_charges = rpc("GET /plans/{code}/charges", plans.charges_in, root="charges")
    create_charge = rpc("POST /plans/{code}/charges", cycle.create_charge, root="charge")
    get_charge = rpc("GET /plans/{code}/charges/{charge_code}", plans.charge_in, root="charge")
    update_charge = rpc(
        "PUT /plans/{code}/charges/{charge_code}", cycle.update_charge, root="charge"
    )
    delete_charge = rpc(
        "DELETE /plans/{code}/charges/{charge_code}", cycle.delete_charge, root="charge"
    )
    list_charge_filters = rpc(
        "GET /plans/{code}/charges/{charge_code}/filters", plans.filters_in, root="filters"
    )
    create_charge_filter = rpc(
        "POST /plans/{code}/charges/{charge_code}/filters", cycle.create_charge_filter,
        root="filter",
    )  # fmt: skip
    get_charge_filter = rpc(
        "GET /plans/{code}/charges/{charge_code}/filters/{filter_id}", plans.filter_in,
        root="filter",
    )  # fmt: skip
    update_charge_filter = rpc(
        "PUT /plans/{code}/charges/{charge_code}/filters/{filter_id}", cycle.update_charge_filter,
        root="filter",
    )  # fmt: skip
    delete_charge_filter = rpc(
        "DELETE /plans/{code}/charges/{charge_code}/filters/{filter_id}",
        cycle.delete_charge_filter, root="filter",
    )  # fmt: skip
    list_fixed_charges = rpc(
        "GET /plans/{code}/fixed_charges", plans.fixed_charges_in, root="fixed_charges"
    )
    create_fixed_charge = rpc(
        "POST /plans/{code}/fixed_charges", cycle.create_fixed_charge, root="fixed_charge"
    )
    get_fixed_charge = rpc(
        "GET /plans/{code}/fixed_charges/{fixed_charge_code}", plans.fixed_charge_in,
        root="fixed_charge",
    )  # fmt: skip
    update_fixed_charge = rpc(
        "PUT /plans/{code}/fixed_charges/{fixed_charge_code}", cycle.update_fixed_charge_of_plan,
        root="fixed_charge",
    )  # fmt: skip
    delete_fixed_charge = rpc(
        "DELETE /plans/{code}/fixed_charges/{fixed_charge_code}", cycle.delete_fixed_charge,
        root="fixed_charge",
    )  # fmt: skip
    replace_metadata = rpc(
        "POST /plans/{code}/metadata", cycle.replace_plan_metadata, root="metadata"
    )
    merge_metadata = rpc("PATCH /plans/{code}/metadata", cycle.merge_plan_metadata, root="metadata")
    delete_metadata = rpc(
        "DELETE /plans/{code}/metadata", cycle.delete_plan_metadata, root="metadata"
    )
    delete_metadata_key = rpc(
        "DELETE /plans/{code}/metadata/{key}", cycle.delete_plan_metadata_key, root="metadata"
    )
    create_feature = rpc("POST /features", features.create, resource="feature")
    get_feature = rpc("GET /features/{code}", features.find, resource="feature")
    list_features = rpc("GET /features", features.browse, resource="feature")
    update_feature = rpc("PUT /features/{code}", features.update, resource="feature")
    delete_feature = rpc("DELETE /features/{code}", features.delete, resource="feature")
    delete_feature_privilege = rpc(
        "DELETE /features/{code}/privileges/{privilege_code}", features.delete_privilege,
        resource="feature",
    )  # fmt: skip
    list_entitlements = rpc(
        "GET /plans/{code}/entitlements", entitlements.of_plan, root="entitlements"
    )
    get_entitlement = rpc(
        "GET /plans/{code}/entitlements/{feature_code}", entitlements.find_of_plan,
        root="entitlement",
    )  # fmt: skip
    replace_entitlements = rpc(
        "POST /plans/{code}/entitlements", entitlements.replace_of_plan, root="entitlements"
    )
    update_entitlements = rpc(
        "PATCH /plans/{code}/entitlements", entitlements.merge_of_plan, root="entitlements"
    )
    remove_entitlement = rpc(
        "DELETE /plans/{code}/entitlements/{feature_code}", entitlements.remove_of_plan,
        root="entitlement",
    )  # fmt: skip
    remove_entitlement_privilege = rpc(
        "DELETE /plans/{code}/entitlements/{feature_code}/privileges/{privilege_code}",
        entitlements.remove_privilege_of_plan, root="entitlement",
    )  # fmt: skip
