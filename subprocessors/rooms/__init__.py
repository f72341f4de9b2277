"""Video rooms that are open, who may enter, and what ends them (PC-95, docs/adapters/livekit.md). The visit itself is another app's."""
