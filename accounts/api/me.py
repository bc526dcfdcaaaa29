"""Whose key this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.response import Response

from accounts import access, access_api
from accounts.api import shapes
from accounts.api.describing import described
from accounts.api.keys import caller, key

if TYPE_CHECKING:
    from rest_framework.request import Request


@described("me_get", "Whose key this is", shapes.MeShape, tag="Key")
def me(request: Request) -> Response:
    """Who made the key, their district, and the schools that it reaches."""
    user = caller(request)
    found = {
        "key": access_api.token_for(user, key(request).token_id),
        "account": user,
        "district": access.home_district(user),
        "district_wide": access.reach_of(user).district_wide,
        "schools": access.schools_of(user).order_by("name", "pk"),
    }
    return Response(shapes.MeShape(found).data)
