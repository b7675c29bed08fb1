/*
 * sim_disk - directories with stores in them, copies of such, and the witness
 * that the memory of the host keeps for each.
 *
 * A disk outlives the processes that run on it. Its witness belongs to this
 * very directory: a copy that is put elsewhere has none, a copy that is put
 * back over the same one finds the witness of what was there before.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_PATH_BYTES_MAX 128

struct sim_disk {
    uint32_t id;                /* never used twice in a schedule */
    char path[SIM_PATH_BYTES_MAX];
    uint8_t *witness;           /* NULL: none */
    size_t witness_bytes, witness_room_bytes;
    bool tainted;               /* parked events were behind its tables: they are not what the log says */
    uint32_t version;           /* index of the service's program that filled its tables */
};

/* A data file put by at some moment. */
struct sim_copy {
    uint32_t id;
    char path[SIM_PATH_BYTES_MAX];
    bool tainted;
    uint32_t version;
};

/* Give `disk` an empty directory under `root`, made when a store is opened in it. */
void sim_disk_init(struct sim_disk *disk, const char *root, uint32_t id);
/* Remove it with all that is in it. */
void sim_disk_remove(struct sim_disk *disk);
void sim_disk_set_witness(struct sim_disk *disk, const void *bytes, size_t size_bytes);
void sim_disk_forget_witness(struct sim_disk *disk);
/* Is there a store in it? */
bool sim_disk_has_store(const struct sim_disk *disk);

/* Copy the data file of a disk that no process has open, or whose process is not in a transaction. 0 or -1. */
int sim_copy_take(struct sim_copy *copy, const char *root, uint32_t id, const struct sim_disk *disk);
/* Put it over whatever `disk` holds; nothing may have it open. 0 or -1. */
int sim_copy_put(const struct sim_copy *copy, const struct sim_disk *disk);
void sim_copy_remove(struct sim_copy *copy);

/* Remove a directory of files and directories of files. */
void sim_remove_tree(const char *path);

#endif
