//! Day-0/1/2 provisioner for vRouter appliances.
