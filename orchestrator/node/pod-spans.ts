import type { KubeObject } from '../api/object.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { RunSteps } from './container-runs.ts'
import { formatStep } from '../../runtime/program/listing.ts'

/** Tells the trace what was done for one pod. */
export interface PodSpans {
  /** Do something and record it, unless it fails. */
  measure<Value>(
    action: string,
    work: () => Promise<Value>,
    detail?: (value: Value) => Readonly<Record<string, string>>,
  ): Promise<Value>
  /** What began at `startedAt` (milliseconds since 1970) ends now. */
  record(action: string, startedAt: number, detail?: Readonly<Record<string, string>>): void
  /** The system calls of a start. */
  recordSteps(container: string, steps: RunSteps): void
}

/** The slowest steps of a program have a span each, where they took as long as that. */
const shownSteps = 12
const shownFromNs = 50_000

export function makePodSpans(
  { record, nodeName }: { readonly record: RecordSpan; readonly nodeName: string },
  { metadata }: KubeObject,
): PodSpans {
  const { name = '', namespace, uid } = metadata
  const object = { apiVersion: 'v1', kind: 'Pod', name, namespace, uid }
  const part = `node/${nodeName}`
  const spans: PodSpans = {
    measure: async (action, work, detail) => {
      const startedAt = preciseNow()
      const value = await work()
      spans.record(action, startedAt, detail?.(value))
      return value
    },
    record: (action, startedAt, detail) =>
      record({
        part,
        action,
        object,
        startedAt,
        milliseconds: preciseNow() - startedAt,
        ...(detail ? { detail } : {}),
      }),
    recordSteps: (container, { program, trace }) => {
      if (trace.length === 0) return
      // Its halves tell of themselves, each when it can.
      const begun = trace.map(({ time, aux }) => time - aux).reduce((a, b) => (a < b ? a : b))
      const ended = trace.map(({ time }) => time).reduce((a, b) => (a > b ? a : b))
      // The shim's clock is that of process.hrtime.
      const offset = preciseNow() - Number(process.hrtime.bigint()) / 1e6
      const at = (ns: bigint): number => offset + Number(ns) / 1e6
      const shim = { part: `${part} shim`, object }
      record({
        ...shim,
        action: `program of container ${container}`,
        startedAt: at(begun),
        milliseconds: Number(ended - begun) / 1e6,
        detail: { steps: `${trace.length}` },
      })
      const slowest = trace
        .filter(({ aux }) => aux >= shownFromNs)
        .toSorted((a, b) => Number(b.aux - a.aux))
        .slice(0, shownSteps)
      for (const { pc, time, aux } of slowest) {
        const step = program.steps[pc]
        if (!step) continue
        record({
          ...shim,
          action: formatStep(program, step),
          startedAt: at(time - aux),
          milliseconds: Number(aux) / 1e6,
          detail: { why: step.why },
        })
      }
    },
  }
  return spans
}

/** Milliseconds since 1970, with fractions. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now()
}
