//! DHCPv4 and proxyDHCP server with durable leases.
