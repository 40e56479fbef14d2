//! When conferences are held: recurrence by RFC 5545, time zones, and calendars in files.
