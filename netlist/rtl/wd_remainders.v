// wd_remainders: quotients and remainders become weights and zero runs. Combinational.
// Page: docs/blocks/weight-decoder.md, step 7 of a chunk.
module wd_remainders (
    input  wire [255:0] bits,
    input  wire [5:0]   base,      // first bit of the first remainder, at most 36
    input  wire [3:0]   wb,        // bits of a weight's remainder
    input  wire [2:0]   zdiv,      // bits of a run's remainder
    input  wire [71:0]  pendw,
    input  wire [3:0]   pendwn,
    input  wire [155:0] pendz,
    input  wire [3:0]   pendzn,
    input  wire [287:0] pal,
    input  wire [5:0]   palsize,
    input  wire [4:0]   dirofs,
    output wire [107:0] weights,   // nine bits each
    output wire [11:0]  weight_ok, // those that go to the queue
    output wire [3:0]   weight_count,
    output wire         fault,     // an index of 512 or more
    output wire [191:0] zeros,     // sixteen bits each
    output wire [11:0]  zero_ok,   // those that go to the queue if there is no fault
    output wire [3:0]   zero_count
);
    wire [3:0] nw = pendwn > 4'd12 ? 4'd12 : pendwn;
    wire [3:0] nz = pendzn > 4'd12 ? 4'd12 : pendzn;

    // ---- weights: a window that begins with the first remainder, then fields wb apart ----
    wire [255:0] moved = bits >> base;
    wire [179:0] wwin  = moved[179:0];
    wire [75:0]  unused_moved = moved[255:180];

    wire [8:0] direct = {4'd0, dirofs} - {3'd0, palsize};

    wire [11:0] bad;
    genvar i;
    generate
        for (i = 0; i < 12; i = i + 1) begin : weight
            reg [14:0] field;
            integer    b, m;
            always @* begin
                field = 15'd0;
                for (b = 0; b < 15; b = b + 1)
                    for (m = b + 1; m < 16; m = m + 1)
                        field[b] = field[b] | (({28'd0, wb} == m) & wwin[i*m + b]);
            end
            wire [20:0] index = ({15'd0, pendw[6*i +: 6]} << wb) | {6'd0, field};
            wire [8:0]  known;
            pick32 #(.WIDTH(9)) palette (.words(pal), .index(index[4:0]), .word(known));
            wire [8:0]  code = index[8:0] < {3'd0, palsize} ? known : index[8:0] + direct;
            assign bad[i] = (nw > i) & |index[20:9];
            assign weights[9*i +: 9] = ({1'b0, code[8:1]} ^ {9{code[0]}}) + {8'd0, code[0]};
        end
    endgenerate

    // those before the first bad one
    wire [11:0] good;
    assign good[0] = ~bad[0];
    generate
        for (i = 1; i < 12; i = i + 1) begin : prior
            assign good[i] = ~|bad[i:0];
        end
        for (i = 0; i < 12; i = i + 1) begin : active
            assign weight_ok[i] = good[i] & (nw > i);
            assign zero_ok[i]   = nz > i;
        end
    endgenerate
    assign fault = |bad;
    reg [3:0] place;
    integer   p;
    always @* begin
        place = nw;
        for (p = 11; p >= 0; p = p - 1)
            if (bad[p]) place = p[3:0];
    end
    assign weight_count = place;
    assign zero_count   = nz;

    // ---- runs: a window of the ring of 256 bits, largest shift first ----
    wire [7:0]   start = {2'd0, base} + {4'd0, nw} * {4'd0, wb};   // at most 216
    wire [338:0] ring  = {bits[82:0], bits};
    wire [210:0] z7 = start[7] ? ring[338:128] : ring[210:0];
    wire [146:0] z6 = start[6] ? z7[210:64] : z7[146:0];
    wire [114:0] z5 = start[5] ? z6[146:32] : z6[114:0];
    wire [98:0]  z4 = start[4] ? z5[114:16] : z5[98:0];
    wire [90:0]  z3 = start[3] ? z4[98:8]   : z4[90:0];
    wire [86:0]  z2 = start[2] ? z3[90:4]   : z3[86:0];
    wire [84:0]  z1 = start[1] ? z2[86:2]   : z2[84:0];
    wire [83:0]  zwin = start[0] ? z1[84:1] : z1[83:0];

    generate
        for (i = 0; i < 12; i = i + 1) begin : zero
            // a field that begins below 256 has no bits from 256 on; one that begins there has come round
            wire [8:0] from = {1'b0, start} + {6'd0, zdiv} * i;
            wire       near = ~from[8] & (&from[7:3]);
            reg [6:0]  field;
            integer    b, m;
            always @* begin
                field = 7'd0;
                for (b = 0; b < 7; b = b + 1) begin
                    for (m = b + 1; m < 8; m = m + 1)
                        field[b] = field[b] | (({29'd0, zdiv} == m) & zwin[i*m + b]);
                    if (near & ({29'd0, from[2:0]} + b > 7)) field[b] = 1'b0;
                end
            end
            wire [15:0] quotient = {3'd0, pendz[13*i +: 13]} << zdiv;
            assign zeros[16*i +: 16] = quotient | {9'd0, field};
        end
    endgenerate
endmodule
