"""What each policy gives, to whom and since when: dated versions read from standards/."""
