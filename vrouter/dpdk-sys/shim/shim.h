/* What Rust cannot call or read by itself: DPDK's static inline functions, its thread-local
 * errno, and the places of struct fields that moved between releases. */
#ifndef DAYBREAK_SHIM_H
#define DAYBREAK_SHIM_H

#include <rte_config.h>

#include <stddef.h>
#include <stdint.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_version.h>

/* In 25.11 data_off sits in an anonymous union, in 22.11 it does not. An offset is the same
 * expression for both, and a struct that Rust sees only as bytes cannot go stale. */
enum daybreak_mbuf_offset {
	DAYBREAK_MBUF_BUF_ADDR = offsetof(struct rte_mbuf, buf_addr),
	DAYBREAK_MBUF_DATA_OFF = offsetof(struct rte_mbuf, data_off),
	DAYBREAK_MBUF_REFCNT = offsetof(struct rte_mbuf, refcnt),
	DAYBREAK_MBUF_NB_SEGS = offsetof(struct rte_mbuf, nb_segs),
	DAYBREAK_MBUF_PORT = offsetof(struct rte_mbuf, port),
	DAYBREAK_MBUF_OL_FLAGS = offsetof(struct rte_mbuf, ol_flags),
	DAYBREAK_MBUF_PKT_LEN = offsetof(struct rte_mbuf, pkt_len),
	DAYBREAK_MBUF_DATA_LEN = offsetof(struct rte_mbuf, data_len),
	DAYBREAK_MBUF_BUF_LEN = offsetof(struct rte_mbuf, buf_len),
};

/* The same facts as the compiler of the shim sees them; the layout tests compare the two. */
struct daybreak_layout {
	size_t mbuf_size;
	size_t mbuf_buf_addr;
	size_t mbuf_data_off;
	size_t mbuf_refcnt;
	size_t mbuf_nb_segs;
	size_t mbuf_port;
	size_t mbuf_ol_flags;
	size_t mbuf_pkt_len;
	size_t mbuf_data_len;
	size_t mbuf_buf_len;
	size_t eth_conf_size;
	size_t eth_rxconf_size;
	size_t eth_txconf_size;
	size_t eth_dev_info_size;
	size_t eth_dev_info_driver_name;
	size_t eth_dev_info_default_txconf;
	size_t eth_stats_size;
	size_t eth_stats_rx_nombuf;
	size_t ether_addr_size;
};

void daybreak_layout(struct daybreak_layout *out);

/* rte_errno of the calling thread. */
int daybreak_errno(void);

uint16_t daybreak_eth_rx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count);
uint16_t daybreak_eth_tx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t count);

int daybreak_pktmbuf_alloc_bulk(struct rte_mempool *pool, struct rte_mbuf **packets, unsigned int count);
void daybreak_pktmbuf_free(struct rte_mbuf *packet);
char *daybreak_pktmbuf_prepend(struct rte_mbuf *packet, uint16_t length);
char *daybreak_pktmbuf_append(struct rte_mbuf *packet, uint16_t length);
char *daybreak_pktmbuf_adj(struct rte_mbuf *packet, uint16_t length);
int daybreak_pktmbuf_trim(struct rte_mbuf *packet, uint16_t length);

/* The fields of rte_eth_link are bit fields, in a union since 24.11. Speed is in Mbit/s. */
int daybreak_eth_link(uint16_t port, uint32_t *speed, int *up);

#endif
