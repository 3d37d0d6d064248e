"""Shells: they carry values between the store and the pure rooms, and know clocks and disks."""
