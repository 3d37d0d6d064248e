"""`warmhandoff demo`: a made-up exchange played into the real service, and what an audience sees of it."""
