// Fetch and operand stage of one pixel of the MAC array: the byte of the pass out
// of each of eight elements, and the operands, bytes less the byte of the zero
// point. Combinational; the registers raw and ifm stand in mac_array.
// Described in docs/blocks/mac-array.md, sections 4.6 and 5.3.
module mac_operand (
    // Fetch (issue): 32 bytes from the pixel's address on.
    input  wire [255:0] data,
    input  wire [2:0]   t_bytes,
    input  wire [1:0]   pass,
    output wire [63:0]  raw_next,
    // Operand (stage 0).
    input  wire [63:0]  raw,
    input  wire         counts,   // the pixel lies in block and map
    input  wire [7:0]   chan,
    input  wire [1:0]   shift,
    input  wire         f_signed,
    input  wire [2:0]   f_bytes,
    input  wire [15:0]  f_zero,
    output wire [71:0]  ifm_next
);

    // The zero point has 32 bits: the upper two bytes repeat the sign.
    wire       top   = f_signed && {1'b0, shift} == f_bytes - 3'd1;
    wire [7:0] zbyte = shift == 2'd0 ? f_zero[7:0]
                     : shift == 2'd1 ? f_zero[15:8]
                     :                 {8{f_signed & f_zero[15]}};
    wire [8:0] zero  = {top & zbyte[7], zbyte};

    genvar i;
    generate
        for (i = 0; i < 8; i = i + 1) begin : lane
            // Elements of one, two or four bytes.
            wire [7:0]  one  = data[8*i +: 8];
            wire [15:0] two  = data[16*i +: 16];
            wire [31:0] four = data[32*i +: 32];
            wire [15:0] half = pass[1] ? four[31:16] : four[15:0];
            assign raw_next[8*i +: 8] = t_bytes == 3'd1 ? one
                : t_bytes == 3'd2 ? (pass[0] ? two[15:8] : two[7:0])
                :                   (pass[0] ? half[15:8] : half[7:0]);

            wire [7:0] value = raw[8*i +: 8];
            assign ifm_next[9*i +: 9] = (counts && chan[i]) ? {top & value[7], value} - zero : 9'd0;
        end
    endgenerate

endmodule
