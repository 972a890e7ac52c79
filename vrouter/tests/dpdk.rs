//! The safe layer against the real DPDK, in ordinary pages and with virtual ports.

use std::sync::{Mutex, MutexGuard, OnceLock};

use daybreak_vrouter::dpdk::{
    BURST, Burst, DpdkError, Eal, EalConfig, LogLevel, MbufPool, Memory, Pci, Port, PortConfig, PortSpec,
};

/// DPDK starts once per process, and its device list is one; so tests in one process take turns.
fn eal() -> (MutexGuard<'static, ()>, &'static Eal) {
    static EAL: OnceLock<&'static Eal> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let eal = EAL.get_or_init(|| {
        let config =
            EalConfig { memory: Memory::Ordinary { mib: 64 }, pci: Pci::None, cpu: 0, log: LogLevel::Error };
        Eal::start(&config).expect("DPDK must start in ordinary pages")
    });
    (turn, eal)
}

#[test]
fn starts_only_once() {
    let (_turn, _) = eal();
    let config =
        EalConfig { memory: Memory::Ordinary { mib: 64 }, pci: Pci::None, cpu: 0, log: LogLevel::Error };
    assert_eq!(Eal::start(&config).err(), Some(DpdkError::StartedBefore));
}

#[test]
fn packets_grow_and_shrink_at_both_ends() {
    let (_turn, eal) = eal();
    let pool = MbufPool::new(eal, "ends", 63, 0, 2048).unwrap();
    let mut packet = pool.alloc().unwrap();
    assert_eq!((packet.data().len(), packet.headroom(), packet.is_contiguous()), (0, 128, true));
    packet.append(4).unwrap().copy_from_slice(b"tail");
    packet.prepend(4).unwrap().copy_from_slice(b"head");
    assert_eq!(packet.data(), b"headtail");
    assert!(packet.advance(2) && packet.trim(1));
    assert_eq!((packet.data(), packet.packet_len()), (&b"adtai"[..], 5));
    packet.data_mut()[0] = b'A';
    assert_eq!(packet.data(), b"Adtai");
    assert!(!packet.advance(6) && !packet.trim(6), "more than there is");
    assert!(packet.prepend(u16::MAX).is_none() && packet.append(2049).is_none(), "more than there is room");
    assert_eq!(packet.data(), b"Adtai");
}

#[test]
fn every_buffer_returns_to_its_pool() {
    let (_turn, eal) = eal();
    let pool = MbufPool::new(eal, "return", 63, 0, 2048).unwrap();
    let mut held: Vec<_> = std::iter::from_fn(|| pool.alloc()).collect();
    assert_eq!((held.len(), pool.in_use(), pool.available()), (63, 63, 0));
    let mut burst = Burst::new();
    assert!(!pool.fill(&mut burst) && burst.is_empty(), "an empty pool fills nothing");
    for packet in held.drain(..BURST) {
        burst.push(packet).unwrap();
    }
    let one_more = burst.push(held.pop().unwrap()).unwrap_err();
    drop(one_more);
    assert_eq!(pool.in_use(), 62);
    drop(burst.pop());
    let mut packets = burst.drain();
    drop(packets.next());
    drop(packets);
    assert_eq!(usize::try_from(pool.in_use()).unwrap(), held.len(), "what drain did not hand out is freed");
    assert!(pool.fill(&mut burst));
    assert_eq!(burst.len(), BURST);
    burst.clear();
    drop(held);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn a_taken_name_and_a_nul_are_refused() {
    let (_turn, eal) = eal();
    MbufPool::new(eal, "taken", 63, 0, 2048).unwrap();
    let error = MbufPool::new(eal, "taken", 63, 0, 2048).unwrap_err();
    assert!(error.to_string().contains("taken: File exists (errno 17)"), "{error}");
    assert!(matches!(MbufPool::new(eal, "a\0b", 63, 0, 2048), Err(DpdkError::Argument { .. })));
    assert!(matches!(MbufPool::new(eal, "large", 63, 0, u16::MAX), Err(DpdkError::Argument { .. })));
    let error = MbufPool::new(eal, "huge", 1 << 20, 0, 2048).unwrap_err();
    assert!(error.to_string().contains("more memory"), "{error}");
}

#[test]
fn a_ring_returns_what_was_sent_in_order() {
    let (_turn, eal) = eal();
    let pool = MbufPool::new(eal, "ring", 2047, 0, 2048).unwrap();
    let (port, mut rx, mut tx) = Port::open(eal, &PortSpec::Ring, pool, PortConfig::default()).unwrap();
    assert_eq!(port.driver().unwrap(), "net_ring");
    let mut burst = Burst::new();
    for number in 0..5_u8 {
        let mut packet = pool.alloc().unwrap();
        packet.append(60).unwrap().fill(number);
        burst.push(packet).unwrap();
    }
    assert_eq!(tx.send(&mut burst), 5);
    assert!(burst.is_empty());
    assert_eq!(rx.receive(&mut burst), 5);
    for (number, packet) in (0..5_u8).zip(burst.iter()) {
        assert_eq!(packet.data(), [number; 60]);
    }
    let stats = port.stats().unwrap();
    assert_eq!((stats.rx_packets, stats.tx_packets), (5, 5));
    drop(burst);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn a_full_port_leaves_the_rest_with_the_sender() {
    let (_turn, eal) = eal();
    let pool = MbufPool::new(eal, "full", 4095, 0, 2048).unwrap();
    let (_port, mut rx, mut tx) = Port::open(eal, &PortSpec::Ring, pool, PortConfig::default()).unwrap();
    let (mut sent, mut next) = (0_u64, 0_u64);
    let mut burst = Burst::new();
    loop {
        while burst.len() < BURST {
            let mut packet = pool.alloc().unwrap();
            packet.append(8).unwrap().copy_from_slice(&next.to_be_bytes());
            next += 1;
            burst.push(packet).unwrap();
        }
        let taken = tx.send(&mut burst);
        sent += taken as u64;
        if !burst.is_empty() {
            break;
        }
    }
    assert_eq!(burst[0].data(), sent.to_be_bytes(), "the first that was not taken is now the first");
    burst.clear();
    let mut received = 0_u64;
    while rx.receive(&mut burst) > 0 {
        for packet in burst.drain() {
            assert_eq!(packet.data(), received.to_be_bytes());
            received += 1;
        }
    }
    assert_eq!((received, pool.in_use()), (sent, 0));
}

#[test]
fn a_port_can_be_opened_again_after_it_was_closed() {
    let (_turn, eal) = eal();
    let pool = MbufPool::new(eal, "again", 2047, 0, 2048).unwrap();
    for _ in 0..3 {
        let (port, mut rx, tx) = Port::open(eal, &PortSpec::Null, pool, PortConfig::default()).unwrap();
        drop((port, tx));
        let mut burst = Burst::new();
        assert_eq!(rx.receive(&mut burst), BURST, "a queue keeps its port open");
    }
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn an_interface_that_is_not_there_is_named_in_the_error() {
    let (_turn, eal) = eal();
    let pool = MbufPool::new(eal, "absent", 63, 0, 2048).unwrap();
    let spec = PortSpec::AfPacket { interface: "no-such-if".into() };
    let error = Port::open(eal, &spec, pool, PortConfig::default()).unwrap_err();
    assert!(error.to_string().contains("iface=no-such-if"), "{error}");
}

#[test]
fn an_mtu_inside_the_range_is_taken_and_outside_refused() {
    let (_turn, eal) = eal();
    let pool = MbufPool::new(eal, "mtu", 4095, 0, 2048).unwrap();
    for spec in [PortSpec::Ring, PortSpec::Null] {
        let (port, _rx, _tx) = Port::open(eal, &spec, pool, PortConfig::default()).unwrap();
        let range = port.mtu_range().unwrap();
        assert!(range.contains(&1500), "{spec}: {range:?}");
        port.set_mtu(*range.start()).unwrap();
        port.set_mtu(*range.end()).unwrap();
        eprintln!("{spec}: {range:?}");
    }
}
