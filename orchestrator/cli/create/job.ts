import { isObject, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'
import { parseTargets, readObjects } from '../resources/targets.ts'
import { plainContainer } from './containers.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags, Making } from './generator.ts'

interface JobFlags extends GeneratorFlags {
  readonly image?: string
  readonly from?: string
}

interface CronFlags extends GeneratorFlags {
  readonly image?: string
  readonly schedule?: string
  readonly restart?: string
}

/** `myorch create job NAME --image=IMAGE -- COMMAND`, or `--from=cronjob/NAME`. */
export const job: Generator<JobFlags> = {
  name: 'job',
  failure: 'job:',
  description: 'A program that runs once',
  flags: [
    ['--image <image>', 'what to run'],
    ['--from <object>', 'what to run: that of a cronjob/NAME'],
  ],
  build: async (making) => {
    const { name, words, flags } = making
    const { image, from } = flags
    if ((image === undefined) === (from === undefined))
      throw new CommandFailure('either --image or --from must be specified')
    if (from !== undefined && words.length > 0)
      throw new CommandFailure('cannot specify --from and command')
    if (from !== undefined) return jobFrom(making, from)
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { ...unset, name },
      spec: { template: template(name, image ?? '', words, 'Never') },
      status: {},
    }
  },
}

function template(
  name: string,
  image: string,
  words: readonly string[],
  restartPolicy: string,
): JsonObject {
  const spec = { containers: [plainContainer(name, image, words)], restartPolicy }
  return { metadata: { creationTimestamp: null }, spec }
}

async function jobFrom({ name, session }: Making<JobFlags>, from: string): Promise<KubeObject> {
  const [target] = await parseTargets(session, [from], 'create from')
  const [cronJob] = target ? await readObjects(session, target) : []
  if (cronJob?.kind !== 'CronJob') throw new CommandFailure('from must be an existing cronjob')
  const of = valueAt(cronJob, ['spec', 'jobTemplate'])
  const annotations = valueAt(of, ['metadata', 'annotations'])
  const labels = valueAt(of, ['metadata', 'labels'])
  const { apiVersion, kind, metadata } = cronJob
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...unset,
      name,
      annotations: {
        'cronjob.kubernetes.io/instantiate': 'manual',
        ...(isObject(annotations) ? annotations : {}),
      },
      ...(isObject(labels) ? { labels } : {}),
      ownerReferences: [
        { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true },
      ],
    },
    spec: withUnsetTime(valueAt(of, ['spec'])),
    status: {},
  } as unknown as KubeObject
}

function withUnsetTime(spec: unknown): unknown {
  const template = valueAt(spec, ['template'])
  const metadata = valueAt(template, ['metadata'])
  if (!isObject(spec) || !isObject(template)) return spec
  return {
    ...spec,
    template: { ...template, metadata: { ...unset, ...(isObject(metadata) ? metadata : {}) } },
  }
}

/** `myorch create cronjob NAME --image=IMAGE --schedule='0 * * * *' -- COMMAND`. */
export const cronJob: Generator<CronFlags> = {
  name: 'cronjob',
  aliases: ['cj'],
  required: ['image', 'schedule'],
  failure: 'cronjob:',
  description: 'A program that runs again and again',
  flags: [
    ['--image <image>', 'what to run'],
    ['--schedule <times>', 'when, like "*/5 * * * *"'],
    ['--restart <policy>', 'OnFailure (the usual) or Never'],
  ],
  build: ({ name, words, flags }) => {
    const { image = '', schedule = '', restart = 'OnFailure' } = flags
    return {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { ...unset, name },
      spec: {
        schedule,
        jobTemplate: {
          metadata: { ...unset, name },
          spec: { template: template(name, image, words, restart) },
        },
      },
      status: {},
    }
  },
}
