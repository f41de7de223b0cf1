// The interpreter of validated programs.
#pragma once
#include "program.h"
#include "validate.h"

struct machine {
  struct header *header;
  s64 slot[SLOT_COUNT];
  s64 report;      // where records go; -1: nowhere, failures are printed
  bool inner;      // this process came out of a clone of the program
  bool failing;    // in the cleanup section: errors are ignored
  s64 guard_pidfd; // -1: nobody to kill on failure
  s64 guard_pid;
};

// The program must be valid; adds the data segment's address to what the relocations name.
void load(struct machine *machine, struct header *header, s64 report);
// Runs the main section from the start.
_Noreturn void interpret(struct machine *machine);
// Runs the cleanup section; comes back whatever happens in it.
void run_cleanup(struct machine *machine);
bool report(struct machine *machine, u32 type, u32 pc, s64 value, s64 aux);
s64 slot_of(const struct machine *machine, u8 slot);
