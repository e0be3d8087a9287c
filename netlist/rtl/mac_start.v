// Decisions of the MAC array while no job is under way: whether the
// operation starts, whether its next job starts, or what it waits for. Combinational.
// Described in docs/blocks/mac-array.md, section 5.1.
module mac_start (
    input  wire       free,      // no stall, no job under way
    input  wire       on,        // register of the job counter
    input  wire [1:0] bank,
    input  wire       first_job, // of the output block, after a start
    input  wire       ab,
    input  wire [3:0] op_valid,
    input  wire [3:0] elem_read,
    input  wire       differs,   // the layout in force is not that of the operation
    input  wire [1:0] ao_bank,
    input  wire [1:0] ib_full,
    input  wire       ib_sel,
    input  wire [1:0] ab_busy,
    input  wire [2:0] kind,
    output wire       start,     // of the operation
    output wire       elem_done, // an elementwise operation is left
    output wire       begins,    // a job starts
    output wire       no_job,    // cases 1 and 2
    output wire       box_wait,  // case 4
    output wire       sums_wait  // cases 3 and 5
);

    wire elem    = kind == 3'd5;
    wire fresh   = free & ~on & op_valid[bank] & ~elem;
    wire held    = differs && ao_bank != bank;
    wire ready   = start | (free & on);
    wire claimed = first_job & ab_busy[ab];

    assign no_job    = free & ~on & (~op_valid[bank] | elem);
    assign elem_done = free & ~on & op_valid[bank] & elem & elem_read[bank];
    assign start     = fresh & ~held;
    assign box_wait  = ready & ~ib_full[ib_sel];
    assign sums_wait = (fresh & held) | (ready & ib_full[ib_sel] & claimed);
    assign begins    = ready & ib_full[ib_sel] & ~claimed;

endmodule
