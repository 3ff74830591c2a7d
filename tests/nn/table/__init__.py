"""Every layer of `seqcnn.nn` in one table, a file for each file of the room."""
