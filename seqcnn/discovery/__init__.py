"""The main job: from FASTA to motifs with hold-out statistics. Read `pipeline.py` first."""
