//! TFTP server that serves a map of names.
