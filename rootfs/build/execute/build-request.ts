import type { IgnoreRules } from '../../build-steps/file-source.ts'
import type { RunRequest, RunStep } from '../../build-steps/run-request.ts'
import type { RegistryAccess } from '../../registry-client/registry-access.ts'
import type { Image } from '../../store/image.ts'
import type { ImageFormat } from '../../store/format-manifest.ts'
import type { MissReason } from '../key/explain-miss.ts'
import type { Platform } from '../plan/platform.ts'

/** What a build is asked for. */
export interface BuildRequest {
  readonly dockerfile: {
    readonly text: string
    /** What messages call it. */
    readonly name: string
    /** Tells builds of different files apart; an absolute path where there is one. */
    readonly identity: string
  }
  /** Absent: there is no context, only the Dockerfile. */
  readonly context:
    | {
        readonly folder: string
        readonly ignore: IgnoreRules | undefined
        /** It goes with the build: nothing is remembered about its files. */
        readonly isTemporary: boolean
      }
    | undefined
  readonly references: readonly string[]
  readonly target?: string | undefined
  readonly buildArgs: ReadonlyMap<string, string>
  readonly platform: Platform
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly format: ImageFormat
  /** One layer for all that is new. */
  readonly squash: boolean
  /** Nothing is taken from the cache: true, or the names of stages for which it is so. */
  readonly noCache: boolean | readonly string[]
  /** Registries with steps that were built elsewhere, and those that get the steps of this build. */
  readonly cacheFrom: readonly string[]
  readonly cacheTo: readonly string[]
  readonly pull: 'missing' | 'always' | 'never'
  readonly network: 'default' | 'none' | 'host'
  readonly addHosts: readonly { readonly name: string; readonly address: string }[]
  readonly secrets: ReadonlyMap<string, Buffer>
  readonly limits: Pick<RunRequest, 'memory' | 'cpus' | 'pids' | 'shmSize' | 'ulimits'>
  readonly allowInsecure: boolean
  /** Seconds since 1970: all times of the image become this one at the latest. */
  readonly epoch: number | undefined
  readonly signal: AbortSignal | undefined
  readonly onEvent: (event: BuildEvent) => void
  /** Told, before anything is built, what is to be built and why (`--explain`). */
  readonly onExplain?: ((stages: readonly ExplainedStage[]) => Promise<void>) | undefined
}

/** What a build needs from outside of this folder. */
export interface BuildTools {
  readonly runStep: RunStep
  /** Brings an image from its registry; absent: only what is here can be used. */
  readonly pullImage?: ((reference: string, platform: Platform) => Promise<Image>) | undefined
  /** Closed by the caller. */
  readonly openRegistries?: (() => Promise<RegistryAccess>) | undefined
}

/** What happens while it happens. `id` tells steps apart; they may run side by side. */
export type BuildEvent =
  | { readonly kind: 'begin'; readonly id: number; readonly title: string }
  | {
      readonly kind: 'output'
      readonly id: number
      readonly stream: 'stdout' | 'stderr'
      readonly data: Buffer
    }
  | { readonly kind: 'cached'; readonly id: number }
  | { readonly kind: 'done'; readonly id: number; readonly detail?: string | undefined }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  /** Given up because another step failed. */
  | { readonly kind: 'cancelled'; readonly id: number }
  | { readonly kind: 'note'; readonly text: string }

/** A stage of `--explain`. */
export interface ExplainedStage {
  readonly stage: string
  /** What it stands on: "image debian:12", "stage tools", "scratch". */
  readonly base: string
  /** What else it takes files from. */
  readonly uses: readonly string[]
  readonly steps: readonly ExplainedStep[]
}

export interface ExplainedStep {
  readonly instruction: string
  readonly line: number
  /** Absent: it changes the configuration only, which costs nothing. */
  readonly key?: string | undefined
  readonly state: 'hit' | 'miss' | 'configuration'
  readonly reason?: MissReason | undefined
}
