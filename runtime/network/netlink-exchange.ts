/**
 * One question to the kernel over netlink: a datagram and how many verdicts it brings. Plain data,
 * so that Node can send it itself or a container's start program can carry it.
 */
export interface NetlinkExchange {
  readonly family: 'route' | 'netfilter'
  /** One or more messages with their sequence numbers, as they go to sendto(2). */
  readonly message: Uint8Array
  /** How many NLMSG_ERROR datagrams come back on success. */
  readonly acks: number
  /** Byte offset of the u32 (IFLA_NET_NS_PID) that receives the pid of the container's init. */
  readonly pidOffset?: number
  /** Names of errors that are fine in a verdict. */
  readonly tolerate?: readonly string[]
  /** What it is for, one sentence. */
  readonly why: string
  /** Man page or kernel document. */
  readonly source: string
}

/** A port of the host that the monitor keeps bound, so that no other program takes it meanwhile. */
export interface HeldPort {
  /** 4 or 16 bytes; zeros: every address of the family. */
  readonly address: Uint8Array
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

/** Ports of the host that a process in the host's network namespace is asked to listen on. */
export interface ForwardedPorts {
  /** Where its socket is. */
  readonly runDir: string
  /** To bind them: messages, and which ports those are for. */
  readonly requests: readonly { readonly message: Uint8Array; readonly shown: string }[]
}

/** What the start program of a container does for one of its interfaces. */
export interface NetworkAttachment {
  /** Path of a network namespace that was made ahead and has the interface already. Absent: a new one. */
  readonly namespace?: string | undefined
  /** In the host's network namespace, once the container's init exists. */
  readonly host: readonly NetlinkExchange[]
  /** In the container's new network namespace, before exec. */
  readonly inside: readonly NetlinkExchange[]
  /** Bound by the outer half, and by the monitor that it becomes, until the container has ended. */
  readonly held: readonly HeldPort[]
  /** Of an ordinary user, whose containers the host's network does not reach. */
  readonly forwarded?: ForwardedPorts | undefined
  /** By the monitor, in the host's network namespace, when the container has ended. */
  readonly cleanup: readonly NetlinkExchange[]
  /** By the monitor as well, before its addresses are somebody else's: nothing of it answers for them any more. */
  readonly closing: readonly NetlinkExchange[]
  /** Files to unlink after that. */
  readonly leases: readonly string[]
}
