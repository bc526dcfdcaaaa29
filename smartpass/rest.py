"""How the API is wired into REST framework and described by drf-spectacular."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.keys.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttle.PerKey"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.reading.Json"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "accounts.api.reading.OnlyJson",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "accounts.api.describing.Schema",
    "EXCEPTION_HANDLER": "accounts.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SmartPass rostering",
    "VERSION": "1",
    "DESCRIPTION": "Accounts of a district's schools, where they come from, the syncs that keep them right, and what "
    "waits for a person. A key reaches exactly as far as the Admin who made it.",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ChangeKind": "rostering.api.shapes.CHANGE_KINDS",
        "ChangedField": "rostering.api.shapes.CHANGED",
        "ConnectionKind": "rostering.api.shapes.KINDS",
        "ConnectionState": "integrations.models.ConnectionState.choices",
        "HoldState": "rostering.api.shapes.HOLD_STATES",
        "MembershipStatus": "accounts.api.shapes.STANDING",
        "ProblemCode": "accounts.api.describing.CODE_CHOICES",
        "Role": "accounts.models.standing.Roles.choices",
        "RunState": "rostering.models.run.RunState.choices",
        "SchoolRole": "accounts.api.shapes.AT_A_SCHOOL",
        "Severity": "rostering.api.shapes.SEVERITIES",
        "Trigger": "rostering.models.run.Trigger.choices",
    },
}
