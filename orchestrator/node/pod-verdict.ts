/** Why the node ends a pod, or never begins it: what the pod's status says. */
export interface PodVerdict {
  readonly reason: string
  readonly message: string
  /** What the event says, where it is another text. */
  readonly told?: string | undefined
  /** Seconds that its containers have to end by themselves; absent: none. */
  readonly graceSeconds?: number | undefined
}
