"""What SCIM clients may ask before they act: what is supported, types and schemas."""

from tocsin.core.people.scim import KINDS, Resource, schema_of

# Of a list in one answer.
MOST = 200


def provider(base: str) -> Resource:
    """ServiceProviderConfig (RFC 7643 5)."""
    no = {"supported": False}
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API token",
                "description": "A token of an admin with the scope scim.",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }


def schemas(base: str) -> dict[str, Resource]:
    """By their URN (RFC 7643 7)."""
    found = {}
    for kind in KINDS.values():
        location = f"{base}/Schemas/{kind.schema}"
        meta = {"resourceType": "Schema", "location": location}
        found[kind.schema] = {**schema_of(kind), "meta": meta}
    return found


def resource_types(base: str) -> dict[str, Resource]:
    """By name (RFC 7643 6)."""
    return {
        kind.name: {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": kind.name,
            "name": kind.name,
            "endpoint": f"/{kind.path}",
            "description": kind.about,
            "schema": kind.schema,
            "meta": {
                "resourceType": "ResourceType",
                "location": f"{base}/ResourceTypes/{kind.name}",
            },
        }
        for kind in KINDS.values()
    }
