import type { Duplex } from 'node:stream'
import type { KubeObject } from '../../api/object.ts'
import type { LoggedContainer } from '../logs/read-container-log.ts'

// What the agent's server needs of the agent.

/** A program in a container, with its input and output. */
export interface ServedProcess {
  /** To be read once; reading slowly holds it back. */
  output(): AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }>
  /** @returns when the bytes are on their way */
  write(data: Uint8Array): Promise<void>
  endInput(): void
  resize(rows: number, columns: number): void
  wait(): Promise<{ readonly exitCode: number }>
  /** Let go of it; it goes on. */
  close?(): void
}

export interface ServedContainer extends LoggedContainer {
  /** As the runtime calls it, without `scheme://`. */
  readonly id: string
}

export interface CommandWish {
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly tty: boolean
}

export interface AttachWish {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

export interface ServedPods {
  /** All of this node, with their statuses as the agent knows them. */
  pods(): readonly KubeObject[]
  /** The current container of that name, or the one before the last restart. */
  container(pod: KubeObject, name: string, previous: boolean): ServedContainer | undefined
  /** @throws {OperationError} `START_FAILED` and others */
  exec(container: ServedContainer, wish: CommandWish): Promise<ServedProcess>
  attach(container: ServedContainer, wish: AttachWish): Promise<ServedProcess>
  /** A connection to 127.0.0.1:`port` in the pod's network. */
  dialPod(pod: KubeObject, port: number): Promise<Duplex>
  /** Now; empty while nothing was measured. */
  usage(): NodeUsage
}

export interface Usage {
  /** Milliseconds since 1970: when it was read. */
  readonly time: number
  /** CPU time since the start, nanoseconds. */
  readonly cpuNanoseconds: number
  /** Nanoseconds of CPU time a second, lately; absent before a second reading. */
  readonly cpuNanoCores?: number | undefined
  /** What cannot be dropped at once. */
  readonly workingSetBytes: number
  /** Page cache included; absent: unknown. */
  readonly memoryBytes?: number | undefined
  readonly availableBytes?: number | undefined
  readonly swapBytes?: number | undefined
}

export interface ContainerUsage extends Usage {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

export interface NetworkUsage {
  readonly name: string
  readonly receivedBytes: number
  readonly receiveErrors: number
  readonly sentBytes: number
  readonly sendErrors: number
}

export interface PodUsage {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly containers: readonly ContainerUsage[]
  readonly interfaces: readonly NetworkUsage[]
}

export interface FileSystemUsage {
  readonly availableBytes: number
  readonly capacityBytes: number
  readonly usedBytes: number
  readonly inodesFree: number
  readonly inodes: number
}

export interface NodeUsage {
  readonly nodeName: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly node: Usage
  readonly interfaces: readonly NetworkUsage[]
  readonly fileSystem: FileSystemUsage
  readonly pods: readonly PodUsage[]
}
