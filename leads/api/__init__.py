"""The JSON API of leads: submissions with the key of a source, everything else with a person's token.

What all of it shares is here too: how requests are read (reading), answered when something is wrong (errors), and paged (paging).
"""
