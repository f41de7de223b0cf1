/** Version of the runtime specification that this runtime implements. */
export const OCI_VERSION = '1.3.0'

/** Life cycle states of the specification; `paused` is the one that runtimes agreed to add. */
export type OciStatus = 'creating' | 'created' | 'running' | 'stopped' | 'paused'

/**
 * What hooks read on stdin and `state` prints.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#state
 */
export interface State {
  readonly ociVersion: string
  readonly id: string
  readonly status: OciStatus
  /** As the host sees it. Absent when there is no process. */
  readonly pid?: number
  /** Absolute path. */
  readonly bundle: string
  readonly annotations?: Readonly<Record<string, string>>
}

export interface StateParts {
  readonly id: string
  readonly status: OciStatus
  readonly pid?: number | undefined
  readonly bundle: string
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

/** The state document. A stopped container has no pid: the number may already be another's. */
export function buildState({ id, status, pid, bundle, annotations }: StateParts): State {
  const hasPid = status !== 'stopped' && pid !== undefined && pid > 0
  const hasAnnotations = annotations !== undefined && Object.keys(annotations).length > 0
  return {
    ociVersion: OCI_VERSION,
    id,
    status,
    ...(hasPid ? { pid } : {}),
    bundle,
    ...(hasAnnotations ? { annotations } : {}),
  }
}

/**
 * What the receiver of a seccomp listener gets beside the descriptor.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#containerprocessstate
 */
export interface ContainerProcessState {
  readonly ociVersion: string
  /** Names of the descriptors, in the order of the SCM_RIGHTS message. */
  readonly fds: readonly ['seccompFd']
  readonly pid: number
  readonly metadata?: string
  readonly state: State
}

/** @param pid of the process the filter was loaded for: the container's, or one of `exec` */
export function buildProcessState(
  state: State,
  pid: number,
  metadata?: string,
): ContainerProcessState {
  return {
    ociVersion: OCI_VERSION,
    fds: ['seccompFd'],
    pid,
    ...(metadata === undefined ? {} : { metadata }),
    state,
  }
}
