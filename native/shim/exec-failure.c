#include "exec-failure.h"
#include <asm/unistd.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include "process.h"
#include "string.h"
#include "syscall.h"
#include "validate.h"

#ifdef __x86_64__
#define OWN_MACHINE EM_X86_64
#else
#define OWN_MACHINE EM_AARCH64
#endif

// The start of a program: the kernel looks at its first 256 bytes for an interpreter line, and loaders' names stand early.
struct beginning {
  u8 bytes[4096];
  size_t length;
};

static bool read_beginning(const char *path, struct beginning *file) {
  s64 fd = SYS4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (is_error(fd)) return false;
  s64 length = SYS3(read, fd, file->bytes, sizeof file->bytes);
  SYS1(close, fd);
  file->length = is_error(length) ? 0 : (size_t)length;
  return true;
}

static bool is_elf(const struct beginning *file) {
  return file->length >= sizeof(Elf64_Ehdr) && memcmp(file->bytes, ELFMAG, SELFMAG) == 0;
}

static bool is_script(const struct beginning *file) {
  return file->length > 2 && file->bytes[0] == '#' && file->bytes[1] == '!';
}

// The loader that an ELF file names; false where it names none, or one that is not in what was read.
static bool find_loader(const struct beginning *file, struct text *name) {
  Elf64_Ehdr elf;
  memcpy(&elf, file->bytes, sizeof elf);
  for (u64 i = 0; i < elf.e_phnum; i++) {
    Elf64_Phdr part;
    if (elf.e_phoff > file->length || elf.e_phoff + (i + 1) * sizeof part > file->length) return false;
    memcpy(&part, file->bytes + elf.e_phoff + i * sizeof part, sizeof part);
    if (part.p_type != PT_INTERP) continue;
    if (part.p_offset > file->length || part.p_filesz > file->length - part.p_offset) return false;
    add_bytes(name, file->bytes + part.p_offset, find_byte(file->bytes + part.p_offset, 0, part.p_filesz));
    return true;
  }
  return false;
}

static void add_missing_interpreter(struct text *text, const struct beginning *file) {
  const u8 *line = file->bytes + 2;
  size_t size = find_byte(line, '\n', file->length - 2);
  size_t from = 0;
  while (from < size && (line[from] == ' ' || line[from] == '\t')) from++;
  size_t length = find_byte(line + from, ' ', size - from);
  if (size > 0 && line[size - 1] == '\r') {
    add(text, ": its first line ends in a carriage return, which the kernel takes for a part of the interpreter's name. "
              "Save it with the line ends of Unix (dos2unix)");
    return;
  }
  add(text, ": its interpreter ");
  add_bytes(text, line + from, length);
  add(text, " is not in the container. Install that, or correct the first line");
}

static void add_not_found(struct text *text, const char *path) {
  struct beginning file;
  if (!read_beginning(path, &file)) {
    add(text, ". Check the name, and that the image or a mount has it");
  } else if (is_script(&file)) {
    add_missing_interpreter(text, &file);
  } else if (is_elf(&file)) {
    TEXT(loader, 256);
    add(text, ": its loader ");
    if (find_loader(&file, &loader)) {
      add(text, loader.at);
      add(text, " ");
    }
    add(text, "is not in the container. Use an image with the C library that it was built for, or link it statically");
  }
}

static void add_wrong_format(struct text *text, const char *path) {
  struct beginning file;
  if (!read_beginning(path, &file)) return;
  Elf64_Half machine = 0;
  if (is_elf(&file)) memcpy(&machine, file.bytes + __builtin_offsetof(Elf64_Ehdr, e_machine), sizeof machine);
  if (file.length == 0) add(text, ": it is empty. Copy or build it into the image once more");
  else if (is_script(&file)) add(text, ": its first line names no interpreter. Name one, as in #!/bin/sh");
  else if (!is_elf(&file)) add(text, ": it is no program, and has no interpreter line. Begin a script with #!/bin/sh");
  else if (machine != OWN_MACHINE) add(text, ": it is built for another processor. Use an image for this machine's");
  else add(text, ": it is damaged. Copy or build it into the image once more");
}

static void add_cause(struct text *text, const char *path, s64 error) {
  switch (-error) {
    case ENOENT:
      add(text, ": no such file or directory");
      return add_not_found(text, path);
    case ENOEXEC:
      add(text, ": exec format error");
      return add_wrong_format(text, path);
    case EACCES:
      add(text, ": permission denied. Make it executable for this user (chmod +x), with its folders and its interpreter, on a "
                "mount without noexec");
      return;
    case E2BIG:
      add(text, ": argument list too long. Give it fewer or shorter arguments and variables");
      return;
    default:
      add(text, ": errno ");
      add_number(text, -error);
  }
}

// The string that an operand names, if it ends within the data.
static const char *text_operand(const struct header *header, s64 offset) {
  const u8 *data = data_of(header);
  if (offset < 0 || (u64)offset >= header->data_size) return 0;
  size_t room = header->data_size - (size_t)offset;
  return find_byte(data + offset, 0, room) < room ? (const char *)(data + offset) : 0;
}

bool say_failed_execve(const struct machine *machine, u32 pc, s64 error) {
  const struct header *header = machine->header;
  if (pc >= header->instruction_count) return false;
  const struct instruction *step = &instructions_of(header)[pc];
  if (step->op != OP_SYS || step->nr != __NR_execve || operand_kind(step, 0) != OPERAND_DATA) return false;
  const char *path = text_operand(header, step->arg[0]);
  if (!path) return false;
  TEXT(text, 1000);
  add(&text, path);
  add_cause(&text, path, error);
  say("exec ", text.at, "");
  return true;
}
