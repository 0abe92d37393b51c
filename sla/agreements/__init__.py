"""What an agreement says: targets as people say them, the text that is signed, and what differs between two texts."""
