#include "shim.h"

void daybreak_layout(struct daybreak_layout *out)
{
	*out = (struct daybreak_layout){
		.mbuf_size = sizeof(struct rte_mbuf),
		.mbuf_buf_addr = offsetof(struct rte_mbuf, buf_addr),
		.mbuf_data_off = offsetof(struct rte_mbuf, data_off),
		.mbuf_refcnt = offsetof(struct rte_mbuf, refcnt),
		.mbuf_nb_segs = offsetof(struct rte_mbuf, nb_segs),
		.mbuf_port = offsetof(struct rte_mbuf, port),
		.mbuf_ol_flags = offsetof(struct rte_mbuf, ol_flags),
		.mbuf_pkt_len = offsetof(struct rte_mbuf, pkt_len),
		.mbuf_data_len = offsetof(struct rte_mbuf, data_len),
		.mbuf_buf_len = offsetof(struct rte_mbuf, buf_len),
		.eth_conf_size = sizeof(struct rte_eth_conf),
		.eth_rxconf_size = sizeof(struct rte_eth_rxconf),
		.eth_txconf_size = sizeof(struct rte_eth_txconf),
		.eth_dev_info_size = sizeof(struct rte_eth_dev_info),
		.eth_dev_info_driver_name = offsetof(struct rte_eth_dev_info, driver_name),
		.eth_dev_info_default_txconf = offsetof(struct rte_eth_dev_info, default_txconf),
		.eth_stats_size = sizeof(struct rte_eth_stats),
		.eth_stats_rx_nombuf = offsetof(struct rte_eth_stats, rx_nombuf),
		.ether_addr_size = sizeof(struct rte_ether_addr),
	};
}

int daybreak_errno(void)
{
	return rte_errno;
}

uint16_t daybreak_eth_rx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count)
{
	return rte_eth_rx_burst(port, queue, packets, count);
}

uint16_t daybreak_eth_tx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count)
{
	return rte_eth_tx_burst(port, queue, packets, count);
}

int daybreak_pktmbuf_alloc_bulk(struct rte_mempool *pool, struct rte_mbuf **packets, unsigned int count)
{
	return rte_pktmbuf_alloc_bulk(pool, packets, count);
}

void daybreak_pktmbuf_free(struct rte_mbuf *packet)
{
	rte_pktmbuf_free(packet);
}

char *daybreak_pktmbuf_prepend(struct rte_mbuf *packet, uint16_t length)
{
	return rte_pktmbuf_prepend(packet, length);
}

char *daybreak_pktmbuf_append(struct rte_mbuf *packet, uint16_t length)
{
	return rte_pktmbuf_append(packet, length);
}

char *daybreak_pktmbuf_adj(struct rte_mbuf *packet, uint16_t length)
{
	return rte_pktmbuf_adj(packet, length);
}

int daybreak_pktmbuf_trim(struct rte_mbuf *packet, uint16_t length)
{
	return rte_pktmbuf_trim(packet, length);
}

int daybreak_eth_link(uint16_t port, uint32_t *speed, int *up)
{
	struct rte_eth_link link = {0};
	int code = rte_eth_link_get_nowait(port, &link);

	*speed = link.link_speed;
	*up = link.link_status == RTE_ETH_LINK_UP;
	return code;
}
