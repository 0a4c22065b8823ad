"""Everything that speaks to libvirt. Plain Python: no Django, no database, no policy."""
