import { writeFileSync } from 'node:fs'
import { hasNameServer } from '../network/network.ts'
import { listNetworks } from '../network/network-store.ts'
import { containerFolder } from './container-folder.ts'
import { readTextIfPresent } from './durable-file.ts'
import type { EngineFolders } from './folders.ts'
import { type IdentityTexts, identityTexts } from './identity-texts.ts'
import type { ContainerRecord } from './record.ts'
import type { NetworkAttachment } from './state.ts'

/**
 * Have /etc/hosts and /etc/resolv.conf of a running container fit the networks that it is in now. What a program of the
 * container wrote there stays. In place: the files are mounted in it.
 */
export function refreshIdentity(
  folders: EngineFolders,
  record: ContainerRecord,
  before: readonly NetworkAttachment[],
  after: readonly NetworkAttachment[],
): void {
  const folder = containerFolder(folders, record.id)
  const [old, fresh] = [before, after].map((attachments) => textsFor(folders, record, attachments))
  if (!old || !fresh) return
  const hosts = readTextIfPresent(folder.hosts)
  if (hosts !== undefined) writeFileSync(folder.hosts, mergeHosts(hosts, old.hosts, fresh.hosts))
  // Lines of this one depend on each other: one that was changed is left alone, as docker does.
  if (readTextIfPresent(folder.resolvConf) === old.resolvConf)
    writeFileSync(folder.resolvConf, fresh.resolvConf)
}

function textsFor(
  folders: EngineFolders,
  record: ContainerRecord,
  attachments: readonly NetworkAttachment[],
): IdentityTexts {
  const serving = new Set(
    listNetworks(folders).flatMap((one) => (hasNameServer(one) ? [one.id] : [])),
  )
  const first = attachments.find(({ networkId }) => serving.has(networkId))
  return identityTexts(record, {
    attachments,
    nameServer: first?.ipv4Gateway ?? first?.ipv6Gateway,
  })
}

/** A text with the lines that have come and without those that have gone. Pure. */
export function mergeHosts(text: string, before: string, after: string): string {
  const [old, fresh] = [before, after].map((one) => one.split('\n').filter((line) => line !== ''))
  const gone = new Set(old?.filter((line) => !fresh?.includes(line)))
  const kept = text.split('\n').filter((line) => !gone.has(line))
  if (kept.at(-1) === '') kept.pop()
  const come = (fresh ?? []).filter((line) => !old?.includes(line) && !kept.includes(line))
  return [...kept, ...come].map((line) => `${line}\n`).join('')
}
