import * as z from 'zod/mini'
import { once } from '../../spec/once.ts'
import { anyMap, fields, fieldsOrNothing, mapOrList, number, text, word } from './shape.ts'

/** Devices by what they can. */
export const deviceRequest = once(() =>
  fields({
    capabilities: z.array(z.string()),
    count: word(),
    device_ids: z.array(word()),
    driver: text(),
    options: mapOrList(),
  }),
)

/** @see https://github.com/compose-spec/compose-spec/blob/main/deploy.md */
export const deploySchema = once(() =>
  fieldsOrNothing({
    endpoint_mode: text(),
    labels: mapOrList(),
    mode: z.enum(['global', 'replicated', 'replicated-job', 'global-job']),
    placement: anyMap(),
    replicas: number(),
    resources: fields({
      limits: fields({ cpus: word(), memory: word(), pids: number() }),
      reservations: fields({
        cpus: word(),
        memory: word(),
        devices: z.array(deviceRequest()),
        generic_resources: z.array(anyMap()),
      }),
    }),
    restart_policy: fields({
      condition: z.enum(['none', 'on-failure', 'any', 'always', 'unless-stopped']),
      delay: word(),
      max_attempts: number(),
      window: word(),
    }),
    rollback_config: anyMap(),
    update_config: anyMap(),
  }),
)
