"""The demo company: invented people whose six months are lived through the real services, with a shifted `now`."""
