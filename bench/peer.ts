/** Another engine: how its user says the same things. All words go to a shell; `{}` is a fresh name. */
export interface Peer {
  readonly name: string
  /** Run /bin/true in a new container and remove it; without and with a bridge network. */
  readonly runTrue: string
  readonly runBridge?: string | undefined
  /** Start a container that sleeps and come back; run /bin/true in it; end and remove it. */
  readonly startIdle?: string | undefined
  readonly execTrue?: string | undefined
  readonly removeIdle?: string | undefined
  /** With limits of memory and processor time. */
  readonly runLimited?: string | undefined
  /** Import a docker archive, and remove that image again. */
  readonly load?: ((archive: string) => string) | undefined
  readonly unload?: string | undefined
  /** Quick enough to be run a hundred times at once. */
  readonly isLight: boolean
}
