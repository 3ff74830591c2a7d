"""What people read: tables, figures and one self-contained page."""
