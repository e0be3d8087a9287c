// ao_activate: zero point, limits, activation and table of a lane.
// Page: docs/blocks/output-stage-lanes.md, section 4.3.
module ao_activate (
    input  wire [31:0] res,         // signed, rounded
    input  wire [2:0]  ofm_bytes,
    input  wire        ofm_signed,
    input  wire [16:0] ofm_zero,
    input  wire [4:0]  act,
    input  wire [2:0]  clip_to,
    input  wire [16:0] act_min,
    input  wire [16:0] act_max,
    input  wire [31:0] lut_data,
    output wire [10:0] lut_addr,
    output wire [31:0] out
);
    wire lut     = act[4:3] == 2'b10;
    wire is_tanh = act == 5'd3;
    wire curved  = is_tanh | (act == 5'd4);

    wire [16:0] curve;
    ao_sigmoid sigmoid (.is_tanh(is_tanh), .value(res), .result(curve));
    wire signed [33:0] value = curved ? {{17{curve[16]}}, curve} : {{2{res[31]}}, res};
    wire signed [33:0] moved = value + {{17{ofm_zero[16]}}, ofm_zero};

    reg signed [16:0] low, high;
    always @*
        case (clip_to)
            3'd2:    begin low = 17'h00000;       high = 17'h000ff;       end   // 0..255
            3'd3:    begin low = 17'h1ff80;       high = 17'h0007f;       end   // -128..127
            3'd5:    begin low = 17'h18000;       high = 17'h07fff;       end   // -32768..32767
            default: begin low = $signed(act_min); high = $signed(act_max); end
        endcase
    wire signed [33:0] low_x   = {{17{low[16]}}, low};
    wire signed [33:0] high_x  = {{17{high[16]}}, high};
    wire signed [33:0] raised  = moved < low_x ? low_x : moved;
    wire signed [33:0] limited = raised > high_x ? high_x : raised;
    wire [16:0] v = limited[16:0];   // within 17 bits, like the bounds
    wire [16:0] unused_high = limited[33:17];

    // tables
    wire [7:0] at1 = v[7:0] + {ofm_signed, 7'd0};
    wire [7:0] at4 = v[7:0] + 8'd128;
    wire [8:0] at2 = {v[15:7]} + 9'd256;   // (v + 32768) >> 7, nine bits
    assign lut_addr = ofm_bytes[0] ? {act[2:0], at1[7:2], 2'd0}
                    : ofm_bytes[1] ? {act[2:0], 8'd0} + {at2, 2'd0}
                    :                {act[2:0], 8'd0} + {1'b0, at4, 2'd0};

    wire [7:0] entry1 = at1[1] ? (at1[0] ? lut_data[31:24] : lut_data[23:16]) : (at1[0] ? lut_data[15:8] : lut_data[7:0]);
    wire signed [23:0] slope = {{8{lut_data[31]}}, lut_data[31:16]};
    wire signed [23:0] part  = slope * $signed({17'd0, v[6:0]}) + 24'sd64;
    wire signed [23:0] whole = part >>> 7;
    wire signed [23:0] line  = {{8{lut_data[15]}}, lut_data[15:0]} + whole;
    wire [15:0] entry2 = line > 24'sd32767 ? 16'h7fff : line < -24'sd32768 ? 16'h8000 : line[15:0];

    wire [31:0] looked = ofm_bytes[0] ? {24'd0, entry1} : ofm_bytes[1] ? {{16{entry2[15]}}, entry2} : lut_data;
    assign out = lut ? looked : ofm_bytes[2] ? res : {{15{v[16]}}, v};
endmodule
