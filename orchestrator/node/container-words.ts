import type { KubeObject } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import type { ContainerRole, ContainerSpec, Waiting } from './pod-containers.ts'

// What the API and people are told about containers that wait, in the words of the kubelet.

/** Why a container is not there yet, and what is said about it once. */
export interface WaitingWords {
  readonly waiting: Waiting
  readonly events: readonly EventText[]
}

const fields: Readonly<Record<ContainerRole, string>> = {
  main: 'containers',
  init: 'initContainers',
  sidecar: 'initContainers',
  ephemeral: 'ephemeralContainers',
}

/** Which part of a pod its events are about: `spec.containers{web}`. */
export function containerField({ name, role }: Pick<ContainerSpec, 'name' | 'role'>): string {
  return `spec.${fields[role]}{${name}}`
}

/** Of a container that keeps ending. @param delay milliseconds until it is started again */
export function crashLoopWords(
  { metadata }: KubeObject,
  name: string,
  delay: number,
): WaitingWords {
  const pod = `${metadata.name}_${metadata.namespace}(${metadata.uid})`
  const message = `back-off ${formatSeconds(delay)} restarting failed container=${name} pod=${pod}`
  const told = `Back-off restarting failed container ${name} in pod ${pod}`
  return {
    waiting: { reason: 'CrashLoopBackOff', message },
    events: [{ type: 'Warning', reason: 'BackOff', message: told }],
  }
}

/** Of a container whose image cannot be had. @param why what the last try met with */
export function imageBackOffWords(image: string, why: string): WaitingWords {
  const message = `Back-off pulling image "${image}"`
  return {
    waiting: { reason: 'ImagePullBackOff', message: `${message}: ${why}` },
    events: [
      { type: 'Normal', reason: 'BackOff', message },
      { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
    ],
  }
}

/** `10s`, `1m20s`, `5m0s`: as Go prints them. */
function formatSeconds(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
