"""Organisations enter the platform: firms, and operators of facilities."""

from simulator.story.story import Story
from simulator.world.firms import Firm
from simulator.world.geography import county_code


async def register(story: Story, firm: Firm) -> None:
    """By the city's civil affairs office."""
    answer = await story.gateway.post(
        story.tokens["office"],
        "/v1/organisations",
        {
            "credit_code": firm.credit_code,
            "name": firm.name,
            "kind": f"KIND_{firm.kind}",
            "area_code": county_code(firm.county),
            "home_services": firm.home_services,
            "lon": firm.lon,
            "lat": firm.lat,
        },
    )
    firm.organisation_id = answer["organisation"]["organisation_id"]
