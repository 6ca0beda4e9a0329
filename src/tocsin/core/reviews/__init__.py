"""What is learned: post-mortems, their drafts and lint, action items."""
