import { join } from 'node:path'
import type { Test } from 'tap'
import { startRegistry, testFolder } from '../integration/registry-process.ts'
import { type Answer, type RequestParts, send } from '../integration/registry-request.ts'

/** The registry that the tables of this folder speak to. */
export interface Target {
  readonly url: string
  /** A repository that no other row uses. */
  readonly newName: () => string
  readonly send: (method: string, path: string, parts?: RequestParts) => Promise<Answer>
}

/** What the specification demands, and requests that show it. */
export interface Requirement {
  readonly title: string
  readonly check: (t: Test, target: Target) => Promise<void>
}

/**
 * Check all rows against `myimage serve`, or against another registry where the environment names one
 * (DISTRIBUTION_URL): that is how the tables themselves are tested.
 */
export async function checkRequirements(t: Test, rows: readonly Requirement[]): Promise<void> {
  const other = process.env['DISTRIBUTION_URL']
  const url = other ?? (await startRegistry(t, join(testFolder(t), 'state'))).url
  let count = 0
  const target: Target = {
    url,
    newName: () => `conformance/r${process.pid}-${(count += 1)}`,
    send: (method, path, parts) => send(url, method, path, parts),
  }
  for (const { title, check } of rows) await t.test(title, (t) => check(t, target))
}
