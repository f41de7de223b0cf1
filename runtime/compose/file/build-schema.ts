import * as z from 'zod/mini'
import { once } from '../../spec/once.ts'
import { anyMap, fields, flag, mapOrList, text, word, words, wordOrWords } from './shape.ts'

/** @see https://github.com/compose-spec/compose-spec/blob/main/build.md */
export const buildSchema = once(() =>
  fields({
    additional_contexts: mapOrList(),
    args: mapOrList(),
    cache_from: words(),
    cache_to: words(),
    context: text(),
    dockerfile: text(),
    dockerfile_inline: text(),
    entitlements: words(),
    extra_hosts: z.union([words(), z.record(z.string(), wordOrWords())]),
    isolation: text(),
    labels: mapOrList(),
    network: text(),
    no_cache: flag(),
    platforms: words(),
    privileged: flag(),
    provenance: z.unknown(),
    pull: flag(),
    sbom: z.unknown(),
    secrets: z.array(z.union([z.string(), anyMap()])),
    shm_size: word(),
    ssh: z.union([words(), z.record(z.string(), z.nullable(z.string()))]),
    tags: words(),
    target: text(),
    ulimits: anyMap(),
  }),
)
