// wd_emitter: up to eight weights of a clock. Combinational.
// Page: docs/blocks/weight-decoder.md, "Emit".
//
// The page describes eight steps, each depending on the one before. Here the position of every weight is computed at once. Weight j stands behind
// the zeros of all runs before it and the j weights before it; run k is taken at the position that follows weight k - 1 (k, if a run comes
// first). Positions from eight on are all alike, so that four bits and a tree of three levels suffice.
module wd_emitter (
    input  wire         enable,     // the control state is run, the block that is filled is not full
    input  wire         single,     // one weight a clock (depthwise)
    input  wire [5:0]   rows,       // length of the weight block in eights
    input  wire         runs,       // zdiv < 5
    input  wire [8:0]   fill,
    input  wire [15:0]  run,
    input  wire         wantrun,
    input  wire [5:0]   valn,
    input  wire [5:0]   zeron,
    input  wire [71:0]  vals,       // the oldest eight weights of the queue
    input  wire [127:0] zeros,      // the oldest eight runs
    output wire [71:0]  weights,
    output wire [7:0]   write,      // which of them go to the block, from bit 0 on
    output wire [8:0]   fill_next,  // before it becomes 0 with a complete block
    output wire         complete,   // the block is complete after this clock
    output wire [15:0]  run_next,
    output wire         wantrun_next,
    output wire [3:0]   vals_taken,
    output wire [3:0]   zeros_taken
);
    genvar i, j;

    // ---- room: step i happens if fill + i is within the block ----
    wire         room  = fill[8:3] < rows;                          // up to the next multiple of eight
    wire         room8 = ({1'b0, fill[8:3]} + 7'd1) < {1'b0, rows}; // and eight more
    wire [7:0]   step;
    generate
        for (i = 0; i < 8; i = i + 1) begin : steps
            wire may = {29'd0, fill[2:0]} + i > 7 ? room8 : room;
            if (i == 0) begin : one
                assign step[i] = enable & may;
            end else begin : more
                assign step[i] = enable & may & ~single;
            end
        end
    endgenerate

    // ---- positions of the weights: 0 to 8, where 8 is 8 or more ----
    wire first_run = runs & wantrun;              // a run is taken before the first weight
    wire [31:0] z;                                // the runs, at most 8
    wire [3:0]  r = |run[15:3] ? 4'd8 : run[3:0];
    wire [31:0] level0, level1, level2, level3;   // sums over 1, 2, 4 and 8 of them
    generate
        for (i = 0; i < 8; i = i + 1) begin : limited
            assign z[4*i +: 4] = |zeros[16*i+3 +: 13] ? 4'd8 : zeros[16*i +: 4];
        end
        // what stands between weight j - 1 and weight j, and weight j - 1
        for (j = 0; j < 8; j = j + 1) begin : term
            if (j == 0) begin : head
                wire [4:0] sum = {1'b0, r} + {1'b0, z[3:0] & {4{first_run}}};
                assign level0[3:0] = |sum[4:3] ? 4'd8 : sum[3:0];
            end else begin : tail
                wire [3:0] gap = (first_run ? z[4*j +: 4] : z[4*(j-1) +: 4]) & {4{runs}};
                assign level0[4*j +: 4] = gap[3] ? 4'd8 : gap + 4'd1;
            end
        end
        for (j = 0; j < 8; j = j + 1) begin : tree1
            if ((j / 1) % 2 == 1) begin : add
                wire [3:0] sum = {1'b0, level0[4*j +: 3]} + {1'b0, level0[4*(2*(j/2)) +: 3]};
                assign level1[4*j +: 4] = level0[4*j + 3] | level0[4*(2*(j/2)) + 3] | sum[3] ? 4'd8 : sum;
            end else begin : pass
                assign level1[4*j +: 4] = level0[4*j +: 4];
            end
        end
        for (j = 0; j < 8; j = j + 1) begin : tree2
            if ((j / 2) % 2 == 1) begin : add
                wire [3:0] sum = {1'b0, level1[4*j +: 3]} + {1'b0, level1[4*(4*(j/4) + 1) +: 3]};
                assign level2[4*j +: 4] = level1[4*j + 3] | level1[4*(4*(j/4) + 1) + 3] | sum[3] ? 4'd8 : sum;
            end else begin : pass
                assign level2[4*j +: 4] = level1[4*j +: 4];
            end
        end
        for (j = 0; j < 8; j = j + 1) begin : tree3
            if ((j / 4) % 2 == 1) begin : add
                wire [3:0] sum = {1'b0, level2[4*j +: 3]} + {1'b0, level2[4*3 +: 3]};
                assign level3[4*j +: 4] = level2[4*j + 3] | level2[4*3 + 3] | sum[3] ? 4'd8 : sum;
            end else begin : pass
                assign level3[4*j +: 4] = level2[4*j +: 4];
            end
        end
    endgenerate
    wire [31:0] at = level3;

    // ---- hit[8*p + j]: weight j would stand at position p ----
    wire [63:0] hit;
    // ---- runs: run k is taken at position where[k]; pop[8*p + k] ----
    wire [31:0] where;
    wire [63:0] pop;
    wire [7:0]  have_val, have_zero;
    generate
        for (i = 0; i < 8; i = i + 1) begin : queue
            assign have_val[i]  = valn > i;
            assign have_zero[i] = zeron > i;
            wire [3:0] behind = at[4*i + 3] ? 4'd8 : at[4*i +: 4] + 4'd1;
            if (i == 0) begin : head
                assign where[3:0] = first_run ? r : behind;
            end else begin : tail
                wire [3:0] prior = at[4*(i-1) + 3] ? 4'd8 : at[4*(i-1) +: 4] + 4'd1;
                assign where[4*i +: 4] = first_run ? prior : behind;
            end
            for (j = 0; j < 8; j = j + 1) begin : position
                assign hit[8*i + j] = at[4*j +: 4] == i;
                assign pop[8*i + j] = runs & (where[4*j +: 4] == i);
            end
        end
    endgenerate

    // ---- the first position that lacks its weight or its run ends the clock ----
    // A run that is missing is looked for before the weight at the same position; so is one that is there.
    wire [7:0] dry;      // position p would need a weight that is not there
    wire [7:0] parched;  // position p would need a run that is not there
    wire [8:0] live;     // all positions before p are written
    assign live[0] = 1'b1;
    generate
        for (i = 0; i < 8; i = i + 1) begin : lack
            assign dry[i]     = |(hit[8*i +: 8] & ~have_val);
            assign parched[i] = |(pop[8*i +: 8] & ~have_zero);
            assign write[i]   = step[i] & ~|dry[i:0] & ~|parched[i:0];
            assign live[i+1]  = write[i];
        end
    endgenerate

    // ---- what is taken ----
    // A run is taken at a position that is reached and permitted, even if the weight after it is missing. Of the runs of one position (weights
    // of a run of length 0 have positions of their own) there is one only.
    wire [7:0] took_val, took_zero;
    generate
        for (j = 0; j < 8; j = j + 1) begin : take
            reg    v, k;
            integer p;
            always @* begin
                v = 1'b0;
                k = 1'b0;
                for (p = 0; p < 8; p = p + 1) begin
                    v = v | (hit[8*p + j] & write[p]);
                    k = k | (pop[8*p + j] & live[p] & step[p]);
                end
            end
            assign took_val[j]  = v;
            assign took_zero[j] = k & have_zero[j];
        end
        for (i = 0; i < 8; i = i + 1) begin : lane
            reg [8:0] w;
            integer   n;
            always @* begin
                w = 9'd0;
                for (n = 0; n <= i; n = n + 1)
                    w = w | (vals[9*n +: 9] & {9{hit[8*i + n]}});
            end
            assign weights[9*i +: 9] = w;
        end
    endgenerate

    // ---- counts: the bits of write, took_val and took_zero are ones from bit 0 on ----
    wire [3:0] emitted;
    wd_length8 length_emitted (.ones(write),     .length(emitted));
    wd_length8 length_vals    (.ones(took_val),  .length(vals_taken));
    wd_length8 length_zeros   (.ones(took_zero), .length(zeros_taken));

    // ---- the run that is left ----
    // No run was taken: what the clock emitted beside weights came from the register. Else it came from the last run since its position, and
    // nothing is left of it if a weight followed.
    reg [15:0] from;
    reg [3:0]  since;
    integer    q;
    always @* begin
        from  = run;
        since = vals_taken;      // emitted - since are zeros
        for (q = 0; q < 8; q = q + 1)
            if (took_zero[q] & (q == 7 | ~took_zero[(q + 1) % 8])) begin
                from  = zeros[16*q +: 16];
                since = where[4*q +: 4];
            end
    end
    wire       none = ~took_zero[0];
    wire [3:0] ahead = zeros_taken + {3'd0, ~first_run};    // with a run before the first weight: weights = runs, all runs are used up
    wire       spent = ~none & (vals_taken == ahead);
    wire [3:0] used = emitted - since;
    assign run_next = spent ? 16'd0 : from - {12'd0, used};
    // every run and every weight changes what comes next; without runs no weight asks for one
    assign wantrun_next = runs ? wantrun ^ vals_taken[0] ^ zeros_taken[0] : wantrun & ~took_val[0];

    assign fill_next = fill + {5'd0, emitted};
    assign complete  = enable & (fill_next[8:3] >= rows);
endmodule
