// wd_palette: the slice parser in state palette. Combinational.
// Page: docs/blocks/weight-decoder.md, "Palette (state 1)".
module wd_palette (
    input  wire [53:0]  bits,      // the next bits of the stream: four fields of at most 9 valid bits, 15 apart
    input  wire [8:0]   count,
    input  wire [5:0]   palsize,
    input  wire [5:0]   palidx,
    input  wire [3:0]   palbits,
    output wire         lacking,     // bits are missing
    output wire         get,       // entries are taken
    output wire         done,      // the palette is complete
    output wire [2:0]   number,    // entries of this clock, 1 to 4
    output wire [8:0]   drop,      // their bits, if they are taken
    output wire [287:0] entries,   // for each entry of the palette, what would be written to it
    output wire [31:0]  write
);
    wire [6:0] rest = {1'b0, palsize} - {1'b0, palidx};   // negative: bit 6
    wire       none = rest[6] | (rest == 7'd0);
    wire       most = ~rest[6] & (rest > 7'd4);
    assign number = most ? 3'd4 : rest[2:0];

    wire [8:0] need = {6'd0, number} * {5'd0, palbits};
    assign lacking = ~none & (count < need);
    assign get   = ~none & (count >= need);
    assign done  = none | (get & ~most);
    assign drop  = need;

    // field(i·b, b), low nine bits
    reg [35:0] fields;
    integer i, b, m;
    always @* begin
        fields = 36'd0;
        for (i = 0; i < 4; i = i + 1)
            for (b = 0; b < 9; b = b + 1)
                for (m = b + 1; m < 16; m = m + 1)
                    fields[9*i + b] = fields[9*i + b] | ({28'd0, palbits} == m & bits[i*m + b]);
    end

    // entry e takes field (e - palidx) mod 32, if that is below number: turn the fields, then choose the row of four
    wire [35:0] half   = palidx[1] ? {fields[17:0], fields[35:18]} : fields;
    wire [35:0] turned = palidx[0] ? {half[26:0], half[35:27]} : half;
    genvar e;
    generate
        for (e = 0; e < 32; e = e + 1) begin : entry
            localparam [4:0] NUMBER = e;
            wire [4:0] lane = NUMBER - palidx[4:0];
            assign entries[9*e +: 9] = turned[9*(e % 4) +: 9];
            assign write[e] = get & (lane < {2'd0, number});
        end
    endgenerate
endmodule
