"""Helpers of the calendar editor that know nothing of Django: public holidays, calendar feeds, the drawing of weeks."""
