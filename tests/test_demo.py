"""The demo shows the whole product: whoever looks around may do everything."""

from importlib.resources import files

import yaml

from tocsin.demo import GUEST


def test_the_link_of_the_demo_signs_an_admin_in_and_each_team_has_a_lead() -> None:
    text = (files("tocsin.demo") / "company.yaml").read_text("utf-8")
    company = yaml.safe_load(text)
    [guest] = [one for one in company["people"] if one["name"] == GUEST]
    assert guest["role"] == "admin"
    led = {
        team
        for one in company["people"]
        for team, role in one.get("team_roles", {}).items()
        if role == "lead"
    }
    assert led == {one["name"] for one in company["teams"]}
