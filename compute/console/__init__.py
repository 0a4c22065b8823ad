"""The console proxy: websockify with one-use tokens and strict origins, one thread a connection."""
