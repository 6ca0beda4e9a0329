"""What a section of a review is for, said where it is empty."""

from collections.abc import Mapping

ASKS: Mapping[str, str] = {
    "Summary": "What happened, to whom, and how it ended: three sentences for somebody "
    "who was not there.",
    "Impact": "One line each: - Users affected: 10,000, - Duration: 45 minutes, "
    "- Revenue impact: …",
    "Root Cause": "What in the system made this possible? Several causes are normal. "
    "Name steps, tools and missing guards, not people.",
    "Contributing Factors": "What made it more likely, larger or longer?",
    "Detection": "How was it noticed, and what would have told us sooner?",
    "Response": "Who did what; what helped and what was in the way?",
    "Timeline": "One line each: - 10:15 Incident declared",
    "What Went Well": "What should stay as it is?",
    "What Went Less Well": "What cost time, sleep or trust?",
    "Luck": "What could have gone worse, and did not?",
    "Lessons": "What would you tell another team?",
    "Action Items": "One line each, with one person and a day: "
    "- [ ] Add alert for X (Owner: Alice, Due: Jan 15)",
    "External Message": "What customers are told about the cause and what changes.",
}
