import Glibc

/// Five milliseconds.
func pause() { usleep(5000) }
